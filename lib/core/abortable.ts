/** Called on abort, with nothing that it needs. */
export type AbortListener = (() => void) | { readonly handleEvent: () => void };

/**
 * What the engine asks of a signal. Every AbortSignal is one; those of calls over HTTP are cheaper, as there is one for each
 * call and hardly any is ever aborted.
 */
export interface Abortable {
  readonly aborted: boolean;
  readonly reason: unknown;
  /** Throws the reason where it has been aborted. */
  readonly throwIfAborted: () => void;
  /** Not called where it has been aborted already. */
  readonly addEventListener: (type: 'abort', listener: AbortListener) => void;
  readonly removeEventListener: (type: 'abort', listener: AbortListener) => void;
}
