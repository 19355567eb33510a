export { fakeClock, type FakeClock } from '../../lib/testing/fake-clock.ts';
