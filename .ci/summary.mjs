// Prints `N passed, N failed` over the jest results in a folder; failed steps that jest does not know count as one each.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '', failedSteps = '0'] = process.argv.slice(2);
const sum = { passed: 0, failed: 0 };
for (const file of readdirSync(folder)) {
  const run = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  sum.passed += run.numPassedTests;
  sum.failed += run.numFailedTests + run.numRuntimeErrorTestSuites;
}
console.log(`${sum.passed} passed, ${Math.max(sum.failed, Number(failedSteps))} failed`);
