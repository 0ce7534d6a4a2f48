/**
 * `deno task docs`: writes docs/commands anew from the commands' own help, and removes the pages of
 * commands that are no more.
 *
 * @module
 */

import { root } from "../cmd/mod.ts";
import { commandPages, type Guides } from "./command_pages.ts";

/** Further reading, by command; one that is not in here has none. */
export const guides: Guides = {
  shell: [
    ["getting-started.md", "Getting started"],
    ["targets.md", "Targets"],
    ["recording.md", "Recordings and logs"],
    ["ecs.md", "Containers of ECS"],
  ],
  exec: [["exec.md", "Commands on nodes"], ["fleets.md", "Many nodes at once"]],
  forward: [
    ["forwarding.md", "Forwarding ports"],
    ["databases.md", "Databases"],
    ["configuration.md", "Groups of forwards"],
  ],
  cp: [["copying.md", "Copying files"]],
  ssh: [["ssh.md", "SSH"]],
  "ssh-config": [["ssh.md", "SSH"]],
  "ssh-proxy": [["ssh.md", "SSH"]],
  plugin: [["plugin.md", "In place of session-manager-plugin"]],
  list: [["targets.md", "Targets"]],
  play: [["recording.md", "Recordings and logs"]],
  completion: [["completions.md", "Completions"]],
  up: [["configuration.md", "Configuration"]],
  config: [["configuration.md", "Configuration"]],
  login: [["login.md", "Signing in with IAM Identity Center"]],
  logout: [["login.md", "Signing in with IAM Identity Center"]],
  sessions: [["security.md", "Security model"]],
  doctor: [["troubleshooting.md", "Troubleshooting by message"]],
  simulate: [["getting-started.md", "Getting started"]],
};

if (import.meta.main) {
  const folder = new URL("../docs/commands/", import.meta.url);
  await Deno.mkdir(folder, { recursive: true });
  const pages = commandPages(root, "ssm", guides);
  for await (const { name } of Deno.readDir(folder)) {
    if (!pages.some((page) => page.name === name)) {
      await Deno.remove(new URL(name, folder));
    }
  }
  for (const { name, text } of pages) {
    await Deno.writeTextFile(new URL(name, folder), text);
  }
  console.log(`${pages.length} pages in docs/commands`);
}
