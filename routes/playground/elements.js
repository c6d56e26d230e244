/**
 * Elements in one line each.
 *
 * @module
 */

/**
 * Makes an element with properties and children; texts stay texts.
 *
 * @param {string} name
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string)} children
 */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/**
 * Finds an element of the page by its id.
 *
 * @param {string} id
 */
export function byId(id) {
  return document.getElementById(id);
}
