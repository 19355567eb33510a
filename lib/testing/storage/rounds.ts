// so many that a store far away is not waited for in each of them
const AT_ONCE = 50;

/** Many rounds of a race, some of them side by side. */
export async function rounds(count: number, run: (round: number) => Promise<void>): Promise<void> {
  let next = 0;
  const runAll = async (): Promise<void> => {
    for (let round = next++; round < count; round = next++) await run(round);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runAll));
}
