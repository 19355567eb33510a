/**
 * Listens at PORT or 3000, on this machine only, prints where, and shuts down when it is told to.
 * @param {import('express').Express} app
 * @param {{ close: () => Promise<void> }} a2a
 */
export function listen(app, a2a) {
  const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', (error) => {
    if (error) throw error;
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : address;
    console.log(`Serving an agent at http://127.0.0.1:${port}/a2a`);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      server.close();
      void a2a.close();
    });
  }
}
