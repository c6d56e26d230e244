/**
 * Prints the backend that is chosen with the permissions of this process, and on
 * the standard error why it is a slow one.
 *
 * @module
 */

import { chooseBackend } from "../../lib/runtime/choose_backend.ts";

console.log(await chooseBackend("auto", console.error));
