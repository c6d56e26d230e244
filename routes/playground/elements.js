/**
 * Helpers for elements of the page.
 *
 * @module
 */

/**
 * Creates an element with properties and children. Strings become text nodes.
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
 * Returns the element of the page with an id.
 *
 * @param {string} id
 */
export function byId(id) {
  return document.getElementById(id);
}
