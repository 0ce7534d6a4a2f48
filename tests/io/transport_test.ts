import { scenarios } from "./transport_scenarios.ts";
import { startDenoServer, startWsServer } from "./scenario_servers.ts";

for (const kind of ["native", "builtin"] as const) {
  for (
    const [name, start] of [
      ["Deno.upgradeWebSocket", () => startDenoServer()],
      ["npm ws", () => startWsServer()],
    ] as const
  ) {
    for (const scenario of scenarios) {
      Deno.test(`${kind} against ${name}: ${scenario.name}`, async () => {
        await using server = await start();
        await scenario.run({ kind, server });
      });
    }
  }
}
