// Elements made from data, never from text that is parsed: what comes from outside stays text.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: `h("a", {href: "#/", class: "link", on: {click}}, "text", child)`. */
export function h(tag, props = {}, ...children) {
  return complete(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s(tag, props = {}, ...children) {
  return complete(document.createElementNS(SVG, tag), props, children);
}

function complete(element, props, children) {
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  element.append(...flat(children));
  return element;
}

/** Set an attribute or, by name: `on` listeners, `style` and `dataset` from objects, `value` and the like. */
export function set(element, name, value) {
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
  } else if (name === "style") {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  } else if (name === "dataset") {
    Object.assign(element.dataset, value);
  } else if (name === "value" || name === "checked" || name === "indeterminate" || name === "selected") {
    element[name] = value;
  } else if (value === false || value === null || value === undefined) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? "" : value);
  }
}

function flat(children) {
  return children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false);
}

/** Let an element have just these children. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** Show a text, touching the page only when it is another one. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Let a container's children be those of `items`, in their order; an element stays as long as its key is there, so
 * that focus, selection and scrolling do. `make(item)` gives an element, `change(element, item)` brings it up to date.
 */
export function keyed(container, items, keyOf, make, change = () => {}) {
  const known = new Map();
  for (const child of container.children) known.set(child.dataset.key, child);
  let place = container.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = known.get(key);
    if (element === undefined) {
      element = make(item);
      element.dataset.key = key;
    } else {
      known.delete(key);
    }
    change(element, item);
    if (element === place) place = place.nextElementSibling;
    else container.insertBefore(element, place);
  }
  for (const element of known.values()) element.remove();
}
