/**
 * Says which backend is chosen where this process may do what it may.
 *
 * @module
 */

import { chooseBackend } from "../../lib/runtime/choose_backend.ts";

console.log(await chooseBackend("auto"));
