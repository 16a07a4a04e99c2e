// The content of a message: parts as OpenAI has them become blocks as Anthropic has them. Rule: what Anthropic cannot take is refused;
// only text without any letter or sign is left out, since Anthropic refuses that and OpenAI does not.
import { asObject, isObject, type JsonObject, refuse, requiredText } from './json-fields.ts';

/** `cache_control` is no part of OpenAI's dialect; clients that know who answers send it along. */
const CACHE_CONTROL = 'cache_control';

export function contentBlocks(content: unknown, place: string): JsonObject[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return textBlocks(content);
  if (!Array.isArray(content)) return refuse(place, 'expected a string or a list of parts');
  return content.flatMap((part, index) => blocksOfPart(part, `${place}[${index}]`));
}

function textBlocks(text: string): JsonObject[] {
  return text.trim() === '' ? [] : [{ type: 'text', text }];
}

function blocksOfPart(value: unknown, place: string): JsonObject[] {
  const part = asObject(value, place);
  return blocksOfKind(part, place).map((block) => ({ ...block, ...cacheMark(part) }));
}

/** To be added to what a part, or a tool, has become. */
export function cacheMark(part: JsonObject): JsonObject {
  const mark = part[CACHE_CONTROL];
  return isObject(mark) ? { [CACHE_CONTROL]: mark } : {};
}

function blocksOfKind(part: JsonObject, place: string): JsonObject[] {
  switch (part['type']) {
    case 'text':
      return textBlocks(requiredText(part, 'text', place));
    case 'refusal':
      return textBlocks(requiredText(part, 'refusal', place));
    case 'image_url':
      return [imageBlock(part, place)];
    case 'file':
      return [documentBlock(part, place)];
    case 'input_audio':
      return refuse(place, 'audio is not possible with Claude');
    default:
      return refuse(place, `parts of the type ${JSON.stringify(part['type'])} are not known`);
  }
}

function imageBlock(part: JsonObject, place: string): JsonObject {
  const given = part['image_url'];
  const url = typeof given === 'string' ? given : requiredText(asObject(given, `${place}.image_url`), 'url', place);
  if (/^https:\/\//i.test(url)) return { type: 'image', source: { type: 'url', url } };
  const data = base64Of(url);
  if (data === null) return refuse(`${place}.image_url`, 'expected an https: URL, or a data: URL in base64');
  return { type: 'image', source: { type: 'base64', media_type: data.mediaType, data: data.base64 } };
}

interface DataUrl {
  readonly mediaType: string;
  readonly base64: string;
}

const DATA_URL = /^data:([^;,]+)(?:;[^;,]+)*;base64,/i;

/** null: it is no data: URL, or one in another encoding. */
function base64Of(url: string): DataUrl | null {
  const begin = DATA_URL.exec(url);
  if (begin === null) return null;
  const [whole, mediaType = ''] = begin;
  return { mediaType: mediaType.trim().toLowerCase(), base64: url.slice(whole.length) };
}

function documentBlock(part: JsonObject, place: string): JsonObject {
  const file = asObject(part['file'], `${place}.file`);
  if (typeof file['file_id'] === 'string') refuse(`${place}.file`, 'files that OpenAI keeps are not known to Claude');
  const data = base64Of(requiredText(file, 'file_data', `${place}.file`));
  const name = typeof file['filename'] === 'string' ? { title: file['filename'] } : {};
  if (data?.mediaType === 'application/pdf') {
    const source = { type: 'base64', media_type: data.mediaType, data: data.base64 };
    return { type: 'document', source, ...name };
  }
  if (data !== null && data.mediaType.startsWith('text/')) {
    const text = Buffer.from(data.base64, 'base64').toString();
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text }, ...name };
  }
  return refuse(`${place}.file`, 'expected a PDF or a text as a data: URL in base64');
}

/** The text of a message that can have nothing else. */
export function onlyText(message: JsonObject, place: string): JsonObject[] {
  const blocks = contentBlocks(message['content'], `${place}.content`);
  if (blocks.some(({ type }) => type !== 'text')) refuse(`${place}.content`, 'only text is possible here');
  return blocks;
}
