// An imported configuration as the file that a person will go on with. Rule: it says where it came from; short maps stand
// on one line, as in the examples.

import { Document, isMap, isScalar, isSeq, visit, type YAMLMap, type YAMLSeq } from 'yaml';
import type { ImportedDocument } from './import-config.ts';

/** `heading` is made a comment at the top. */
export function importedYaml(document: ImportedDocument, heading: string): string {
  const yaml = new Document(document);
  visit(yaml, {
    Collection: (_, node) => {
      if (isShort(node)) node.flow = true;
    },
  });
  const comment = heading
    .split('\n')
    .map((line) => `# ${line}`.trimEnd())
    .join('\n');
  const body = Object.keys(document).length === 0 ? '' : yaml.toString({ lineWidth: 0, flowCollectionPadding: true });
  return `${comment}\n${body}`;
}

const SHORT = 90;

function isShort(node: YAMLMap | YAMLSeq): boolean {
  const values = isSeq(node) ? node.items : node.items.map(({ value }) => value);
  const isFlat = values.every((value) => isScalar(value) || (isSeq(value) && value.items.every(isScalar)));
  const isTop = isMap(node) && node.items.length > 5;
  return isFlat && !isTop && JSON.stringify(node.toJSON()).length <= SHORT;
}
