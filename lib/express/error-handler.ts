import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Handler, mountPath, pathBelow, pathOf } from '../http/handler.ts';
import { parserAnswer } from '../http/parser-error.ts';
import { respond } from '../http/respond.ts';
import { pathsBelow } from './mounts.ts';

/** An error handler as Express knows it. */
export type ErrorMiddleware<Req extends IncomingMessage = IncomingMessage> = (
  error: unknown,
  req: Req,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Makes the error handler of an agent: the answer to calls that a parser of the application could not read. */
export function createErrorHandler<Req extends IncomingMessage>(
  { handle, bindingAt }: Pick<Handler<Req>, 'handle' | 'bindingAt'>,
  mount: string | undefined,
): ErrorMiddleware<Req> {
  const fixed = mount === undefined ? undefined : mountPath(mount);

  // Express knows error handlers by their four parameters
  return (error, req, res, next) => {
    const [binding] = pathsOf(req, handle, fixed).flatMap((path) => bindingAt(path, req.method) ?? []);
    const answer = binding && parserAnswer(error, req, binding);
    if (answer === undefined || res.headersSent) next(error);
    else respond(req, res, answer);
  };
}

/** What Express adds to a request. */
interface Mounted {
  readonly app?: { readonly parent?: unknown };
  readonly baseUrl?: string;
}

/** Where the request is, seen from the agent. */
function pathsOf(req: IncomingMessage & Mounted, handle: unknown, fixed: string | undefined): string[] {
  const { app, baseUrl = '' } = req;
  const path = pathOf(req);
  if (fixed !== undefined) {
    const below = pathBelow(fixed, `${baseUrl}${path}`);
    return below === undefined ? [] : [below];
  }
  if (app === undefined) return [];
  // in an app in an app, baseUrl is where that app is mounted
  return pathsBelow(app, handle, app.parent === undefined ? `${baseUrl}${path}` : path);
}
