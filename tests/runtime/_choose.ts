/**
 * Prints the backend that is chosen with the permissions of this process.
 *
 * @module
 */

import { chooseBackend } from "../../lib/runtime/choose_backend.ts";

console.log(await chooseBackend("auto"));
