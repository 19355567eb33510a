export { writeOlderTask } from '../jsonrpc/dispatch.ts';
