// What this browser keeps of its visitor. Full or forbidden storage costs only what a reload would have known.
export function read<Value>(storage: Storage, name: string): Value | null {
  try {
    return JSON.parse(storage.getItem(name) ?? "null") as Value | null;
  } catch {
    return null;
  }
}

export function write(storage: Storage, name: string, value: unknown): void {
  try {
    if (value === null) storage.removeItem(name);
    else storage.setItem(name, JSON.stringify(value));
  } catch {
    // nothing to be done
  }
}

// Another tab of this browser has changed what begins so.
export function on_change(prefix: string, told: (name: string) => void): void {
  window.addEventListener("storage", ({ key, storageArea }) => {
    if (storageArea === localStorage && key?.startsWith(prefix)) told(key);
  });
}
