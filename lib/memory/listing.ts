import type { Answers, Scope } from '../core/log.ts';
import { createListIndex, type Listed, type ListIndex, type TaskList } from './list-index.ts';
import { scopeKeyOf } from './task-record.ts';

/** What the listing has to know of a task. */
export interface ListedTask extends Listed {
  readonly scopeKey: string;
  readonly contextId: string;
  readonly answers: Answers;
}

/** The tasks that can be listed: all but those that answer with a bare message. */
export interface Listing<T extends ListedTask> {
  readonly add: (record: T) => void;
  /** Its status has changed. `wasTs` is the time that the one before had. */
  readonly move: (record: T, wasTs: number) => void;
  readonly remove: (record: T) => void;
  readonly of: (scope: Scope, contextId?: string) => TaskList<T>;
  /** How many lists there are. */
  readonly size: () => number;
}

/** A list for each scope. Contexts have lists from when somebody asks for one in their scope: most tasks are never looked for that way. */
export function createListing<T extends ListedTask>(): Listing<T> {
  const scopes = createListIndex<T>();
  const contexts = new Map<string, ListIndex<T>>();

  function contextsOf(scopeKey: string): ListIndex<T> {
    const known = contexts.get(scopeKey);
    if (known !== undefined) return known;
    const made = createListIndex<T>();
    const list = scopes.list(scopeKey);
    if (list.size > 0) contexts.set(scopeKey, made);
    for (let index = 0; index < list.size; index += 1) {
      const record = list.at(index);
      if (record !== undefined) made.insert(record.contextId, record);
    }
    return made;
  }

  return {
    add(record) {
      if (record.answers === 'message') return;
      scopes.insert(record.scopeKey, record);
      contexts.get(record.scopeKey)?.insert(record.contextId, record);
    },
    move(record, wasTs) {
      if (record.answers === 'message') return;
      scopes.move(record.scopeKey, record, wasTs);
      contexts.get(record.scopeKey)?.move(record.contextId, record, wasTs);
    },
    remove(record) {
      if (record.answers === 'message') return;
      scopes.remove(record.scopeKey, record);
      const own = contexts.get(record.scopeKey);
      own?.remove(record.contextId, record);
      if (own?.size() === 0) contexts.delete(record.scopeKey);
    },
    of(scope, contextId) {
      const key = scopeKeyOf(scope);
      return contextId === undefined ? scopes.list(key) : contextsOf(key).list(contextId);
    },
    size() {
      let size = scopes.size();
      for (const lists of contexts.values()) size += lists.size();
      return size;
    },
  };
}
