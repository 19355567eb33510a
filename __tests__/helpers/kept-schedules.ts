/** Schedules that once found something, replayed before any other; the numbers are those that a failure prints. */
export const KEPT: Readonly<Record<string, readonly (readonly number[])[]>> = {
  // a read told of an entry after its own reader had left, and the other slept on
  'one leaves while another comes': [[0, 0, 13, 79, 0, 0, 58, 55, 41, 0, 68]],
  // a read told of an entry that others slept on, and the hint was no news any more
  'clients go on after each entry while the task ends': [[0, 56, 62, 0, 5, 92, 29, 83, 67, 4, 46, 10, 1, 4]],
  // a pause that did not see the message before it
  'a worker gives back while a message comes': [[0, 13, 59]],
  'a message meets a real worker that asks': [[0, 33, 47, 39, 13, 40, 92, 47, 1, 4]],
  // an append under a lease that another has replaced
  'a worker is thought dead, and another takes over': [[0, 3, 63]],
};
