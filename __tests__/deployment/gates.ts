import { type Gate, gate } from '../helpers/gate.ts';
import type { Pass } from './agent.ts';

/** Gates by name. One that is opened before somebody comes to it stays open. */
export function createGates(): { readonly pass: Pass; readonly open: (name: string) => void } {
  const gates = new Map<string, Gate>();
  const named = (name: string): Gate => {
    const found = gates.get(name) ?? gate();
    gates.set(name, found);
    return found;
  };
  return { pass: (name) => named(name).opened, open: (name) => named(name).open() };
}
