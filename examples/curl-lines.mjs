/**
 * Commands to paste into a shell, for a server at the given origin.
 * @param {string} origin
 */
export function curlLines(origin) {
  /** @param {string} method @param {object} params */
  const call = (method, params) =>
    `curl -sN ${origin}/a2a -H 'Content-Type: application/json' -H 'A2A-Version: 1.0' -d '${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}'`;
  /** @param {string} text */
  const message = (text) => ({ messageId: 'm1', role: 'ROLE_USER', parts: [{ text }] });
  return `Serving an agent at ${origin}/a2a. Try:

# its card
curl -s ${origin}/.well-known/agent-card.json

# send, and wait for the answer
${call('SendMessage', { message: message('hello') })}

# stream
${call('SendStreamingMessage', { message: message('hello') })}

# a slow task, answered at once; keep its id for the next ones
TASK=$(${call('SendMessage', { message: message('slow'), configuration: { returnImmediately: true } })} | grep -o '"id":"[^"]*-[^"]*"' | head -1 | cut -d'"' -f4)

# watch it (Ctrl-C leaves; the task goes on)
${call('SubscribeToTask', { id: '$TASK' }).replace('$TASK', `'"$TASK"'`)}

# cancel it
${call('CancelTask', { id: '$TASK' }).replace('$TASK', `'"$TASK"'`)}

# all tasks
${call('ListTasks', {})}
`;
}
