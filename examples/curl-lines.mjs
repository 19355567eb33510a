/**
 * Commands to paste into a shell, for a server at the given origin. The README shows what they answer.
 * @param {string} origin
 */
export function curlLines(origin) {
  /** @param {string} method @param {object} params @param {string} [flags] @param {string} [header] */
  const call = (method, params, flags = '-sN', header = " -H 'A2A-Version: 1.0'") => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    // the shell puts the id in
    const data = body.replace('$TASK', `'"$TASK"'`);
    return `curl ${flags} ${origin}/a2a -H 'Content-Type: application/json'${header} -d '${data}'`;
  };
  /** @param {string} text */
  const message = (text) => ({ messageId: 'm1', role: 'ROLE_USER', parts: [{ text }] });
  const older = {
    ...{ kind: 'message', messageId: 'm1', role: 'user' },
    parts: [{ kind: 'text', text: 'hello' }],
  };
  const slow = { message: message('slow'), configuration: { returnImmediately: true } };
  return `Serving an agent at ${origin}/a2a. Try:

# its card
curl -s ${origin}/.well-known/agent-card.json

# send, and wait for the answer
${call('SendMessage', { message: message('hello') })}

# stream
${call('SendStreamingMessage', { message: message('hello') })}

# the same in A2A 0.3, which needs no header
${call('message/send', { message: older }, '-sN', '')}

# a slow task, answered at once; its id is kept for the next lines
TASK=$(${call('SendMessage', slow)} | grep -o '"id":"[^"]*"' | head -1 | cut -d '"' -f 4); echo $TASK

# watch it for three seconds; without --max-time: to its end
${call('SubscribeToTask', { id: '$TASK' }, '-sN --max-time 3')}

# cancel it
${call('CancelTask', { id: '$TASK' })}

# all tasks
${call('ListTasks', {})}
`;
}
