/** Microseconds of the monotonic clock, which is one for all processes of a machine. */
export function nowUs() {
  return Math.round(Number(process.hrtime.bigint()) / 1000);
}
