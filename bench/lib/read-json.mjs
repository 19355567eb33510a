/**
 * Reads and parses a request body; a body in one piece, which is the usual case, is not copied.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {(body: any) => void} done
 */
export function readJson(request, done) {
  /** @type {Buffer[]} */
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const [first = ''] = pieces;
    done(JSON.parse((pieces.length > 1 ? Buffer.concat(pieces) : first).toString()));
  });
}
