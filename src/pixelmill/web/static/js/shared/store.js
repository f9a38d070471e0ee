// What is kept between two visits. Where storage is forbidden or full, nothing is kept.

const PREFIX = "pixelmill.";

/** Return what was kept under a name; `otherwise` where there is nothing that can be read. */
export function kept(name, otherwise) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Keep a value, or forget it where it is undefined. Returns whether it is kept now. */
export function keep(name, value) {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
