import { describe, expect, it } from '@jest/globals';
import { parseUrl } from '../../lib/protocol/url.ts';

describe('parseUrl', () => {
  it('takes letters beyond ASCII in a host, however often it is called', () => {
    let refused = 0;
    for (let calls = 0; calls < 100_000; calls += 1)
      if (parseUrl('https://b\u00fccher.example/') === undefined) refused += 1;
    expect(refused).toBe(0);
  });

  it('gives nothing for what is no URL', () => {
    expect(['', 'hook', '//example.com', 'https://', 'https://[::1'].map(parseUrl)).toEqual(
      Array<undefined>(5).fill(undefined),
    );
  });
});
