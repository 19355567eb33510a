import type { IncomingMessage, ServerResponse } from 'node:http';
import { mountPath, pathOf } from '../http/handler.ts';
import { parserAnswer } from '../http/parser-error.ts';
import { respond } from '../http/respond.ts';
import { isMountedAt } from './mounts.ts';

/** An error handler as Express knows it. */
export type ErrorMiddleware<Req extends IncomingMessage = IncomingMessage> = (
  error: unknown,
  req: Req,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Makes the error handler of an agent: the answer to calls that a parser of the application could not read. */
export function createErrorHandler<Req extends IncomingMessage>(
  handler: unknown,
  mount: string | undefined,
): ErrorMiddleware<Req> {
  const fixed = mount === undefined ? undefined : mountPath(mount);

  // Express knows error handlers by their four parameters
  return (error, req, res, next) => {
    const answer = isCall(req, handler, fixed) ? parserAnswer(error, req) : undefined;
    if (answer === undefined || res.headersSent) next(error);
    else respond(req, res, answer);
  };
}

/** What Express adds to a request. */
interface Mounted {
  readonly app?: { readonly parent?: unknown };
  readonly baseUrl?: string;
}

function isCall(req: IncomingMessage & Mounted, handler: unknown, fixed: string | undefined): boolean {
  const { app, baseUrl = '' } = req;
  const path = pathOf(req);
  if (fixed !== undefined) return `${baseUrl}${path}`.replace(/\/+$/, '') === fixed;
  if (app === undefined) return false;
  // in an app in an app, baseUrl is where that app is mounted
  return isMountedAt(app, handler, app.parent === undefined ? `${baseUrl}${path}` : path);
}
