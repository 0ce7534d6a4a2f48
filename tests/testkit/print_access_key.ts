/**
 * Prints the access key id that the environment leads to, and ends by itself. A process of its own
 * for sources whose client in the SDK leaves connections to the process's end.
 *
 * @module
 */

import { Aws } from "../../lib/aws/mod.ts";

using aws = new Aws();
console.log((await aws.credentials.get()).accessKeyId);
