import { isObject } from '../../protocol/protojson.ts';
import type * as v1 from '../../protocol/v1.ts';
import { pick, pickFilled } from './fields.ts';
import type { DataPart, File, Part } from './types.ts';

// data of 0.3 is an object; other SDKs mark what had to be wrapped in one with this key of the metadata too
const WRAPPED = 'data_part_compat';

/** A part in the words of 1.0. */
export function partToV1(part: Part): v1.Part {
  switch (part.kind) {
    case 'text':
      return { text: part.text, ...pick(part, 'metadata') };
    case 'file':
      return { ...fileToV1(part.file), ...pick(part, 'metadata') };
    case 'data':
      return isWrapped(part) ? unwrapped(part) : { data: part.data, ...pick(part, 'metadata') };
  }
}

/** A part in the words of 0.3. The file name and media type of text and data are lost. */
export function partToV03(part: v1.Part): Part {
  // most parts are texts, and a literal without spread costs least
  if (part.text !== undefined) {
    const { text, metadata: about } = part;
    return about === undefined ? { kind: 'text', text } : { kind: 'text', text, metadata: about };
  }
  const metadata = pick(part, 'metadata');
  if (part.raw !== undefined)
    return { kind: 'file', file: { bytes: part.raw, ...nameOf(part) }, ...metadata };
  if (part.url !== undefined) return { kind: 'file', file: { uri: part.url, ...nameOf(part) }, ...metadata };
  if (isObject(part.data)) return { kind: 'data', data: part.data, ...metadata };
  return { kind: 'data', data: { value: part.data }, metadata: { ...part.metadata, [WRAPPED]: true } };
}

function fileToV1({ bytes, uri, name, mimeType }: File): v1.Part {
  const about = pickFilled({ filename: name, mediaType: mimeType }, 'filename', 'mediaType') as {
    filename?: string;
    mediaType?: string;
  };
  return bytes === undefined ? { url: uri, ...about } : { raw: bytes, ...about };
}

function nameOf({ filename, mediaType }: v1.Part): Pick<File, 'name' | 'mimeType'> {
  return {
    ...(filename !== undefined && filename !== '' && { name: filename }),
    ...(mediaType !== undefined && mediaType !== '' && { mimeType: mediaType }),
  };
}

function isWrapped({ data, metadata }: DataPart): boolean {
  return metadata?.[WRAPPED] === true && Object.hasOwn(data, 'value') && Object.keys(data).length === 1;
}

function unwrapped({ data, metadata = {} }: DataPart): v1.Part {
  const { [WRAPPED]: _, ...rest } = metadata;
  return { data: data['value'], ...(Object.keys(rest).length > 0 && { metadata: rest }) };
}
