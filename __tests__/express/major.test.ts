import { describe, expect, it } from '@jest/globals';
import express from 'express';

/** Express 4 has `app.del`, which Express 5 took away. */
const major = 'del' in express() ? '4' : '5';

describe('this test run', () => {
  it('is on the Express that was asked for', () => {
    expect(major).toBe(process.env['EXPRESS'] ?? '5');
  });

  it('is on the Node that was asked for', () => {
    const running = process.versions.node.split('.')[0];
    expect(running).toBe(process.env['NODE_MAJOR'] ?? running);
  });
});
