// Elements. Text is only ever set as text: names in a document come from outside.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes and children. */
export function make(tag, attributes = {}, children = []) {
  return finished(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, children = []) {
  return finished(document.createElementNS(SVG, tag), attributes, children);
}

/** The element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Sets text where it differs, so that a selection outlives what did not change. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function finished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
