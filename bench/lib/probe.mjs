// Preloaded into every server under test (node --import): lets the harness ask for a full collection and exact memory
// figures, and ends the server if the harness goes away. The servers do not know about it.
if (process.send) {
  process.on('message', (request) => {
    if (request !== 'gc') return;
    globalThis.gc?.();
    globalThis.gc?.();
    process.send?.({ memory: process.memoryUsage() });
  });
  process.on('disconnect', () => process.exit(0));
  process.channel?.unref();
}
