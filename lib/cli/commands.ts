import type { A2AClient } from '../client/client.ts';
import type { EventStream } from '../client/stream.ts';
import { isA2AError } from '../protocol/errors.ts';
import type { Task } from '../protocol/v1.ts';
import type { Arguments } from './arguments.ts';
import { exitCodeOf, type Printer } from './printer.ts';

/** Runs a command; gives the exit code. */
export async function run(
  client: A2AClient,
  args: Arguments,
  printer: Printer,
  input: AsyncIterable<Uint8Array | string>,
): Promise<number> {
  const { rest } = args;
  switch (args.command) {
    case 'card':
      printer.card(client.card);
      return 0;
    case 'send': {
      const answer = await client.send(await textOf(rest, input), target(args));
      printer.event(answer);
      return exitCodeOf(answer.task?.status.state);
    }
    case 'stream':
      return follow(client.stream(await textOf(rest, input), target(args)), printer);
    case 'watch':
      return watch(client, rest, printer);
    case 'cancel': {
      const task = await client.cancelTask(rest);
      printer.task(task);
      return 0;
    }
    case 'list':
      return list(client, args, printer);
    default:
      return args.command satisfies never;
  }
}

function target({ taskId, contextId }: Arguments): { taskId?: string; contextId?: string } {
  return { ...(taskId !== undefined && { taskId }), ...(contextId !== undefined && { contextId }) };
}

async function textOf(rest: string, input: AsyncIterable<Uint8Array | string>): Promise<string> {
  if (rest !== '-') return rest;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of input)
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  return text.replace(/\r?\n$/, '');
}

async function follow(events: EventStream, printer: Printer): Promise<number> {
  let state: Task['status']['state'] | undefined;
  for await (const event of events) {
    printer.event(event);
    state = (event.task ?? event.statusUpdate)?.status.state ?? state;
  }
  printer.end();
  return exitCodeOf(state);
}

/** A task that has ended, meanwhile or before, can not be subscribed to: then it is shown as it is. */
async function watch(client: A2AClient, id: string, printer: Printer): Promise<number> {
  try {
    return await follow(client.subscribe(id), printer);
  } catch (error) {
    if (!isA2AError(error) || error.code !== -32004) throw error;
    const task = await client.getTask(id);
    printer.event({ task });
    return exitCodeOf(task.status.state);
  }
}

async function list(client: A2AClient, { contextId, limit }: Arguments, printer: Printer): Promise<number> {
  let left = limit;
  let pageToken = '';
  do {
    const page = await client.listTasks({
      pageSize: Math.min(left, 100),
      ...(pageToken !== '' && { pageToken }),
      ...(contextId !== undefined && { contextId }),
    });
    for (const task of page.tasks) printer.listed(task);
    left -= page.tasks.length;
    pageToken = page.nextPageToken;
  } while (left > 0 && pageToken !== '');
  return 0;
}
