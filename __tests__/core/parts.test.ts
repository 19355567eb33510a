import { describe, expect, it } from '@jest/globals';
import { data, file, text } from '../../lib/core/parts.ts';

describe('the helpers for parts', () => {
  it('make a part of text', () => {
    expect(text('hi')).toEqual({ text: 'hi' });
    expect(text('# hi', { mediaType: 'text/markdown' })).toEqual({
      text: '# hi',
      mediaType: 'text/markdown',
    });
  });

  it('make a file of bytes, of a view on a larger buffer too', () => {
    const bytes = new Uint8Array([9, 0, 255, 9]).subarray(1, 3);
    expect(file(bytes, { filename: 'a.bin', mediaType: 'application/octet-stream' })).toEqual({
      raw: 'AP8=',
      filename: 'a.bin',
      mediaType: 'application/octet-stream',
    });
  });

  it('make a file of a URL, which is not fetched', () => {
    expect(file(new URL('https://x.test/a b.png'))).toEqual({ url: 'https://x.test/a%20b.png' });
  });

  it('make a part of data, null included', () => {
    expect(data({ a: [1] }, { metadata: { kind: 'x' } })).toEqual({
      data: { a: [1] },
      metadata: { kind: 'x' },
    });
    expect(data(null)).toEqual({ data: null });
  });
});
