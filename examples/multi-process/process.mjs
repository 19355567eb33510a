/** @type {() => unknown} */
let stop = () => process.exit();
let isTold = false;

async function end() {
  if (isTold) return;
  isTold = true;
  await stop();
  if (process.connected) process.disconnect();
}

// the process that started this one is gone, or tells it to end; Ctrl-C goes to all of them
process.on('disconnect', end);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end);

/** What is to be done when this process is told to end; it then has nothing left to do. @param {() => unknown} how */
export function whenToldToEnd(how) {
  stop = how;
}

/** Prints a line with the name of this process. @param {string} what */
export function say(what) {
  console.log(`${process.env['NAME'] ?? 'process'} (${process.pid}): ${what}`);
}
