import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressionOf } from './compression.ts';

test('what is agreed on is read from the extensions, whatever their parameters', () => {
  assert.equal(compressionOf(''), 'none');
  assert.equal(compressionOf(' , '), 'none');
  assert.equal(compressionOf('permessage-deflate'), 'deflate');
  assert.equal(compressionOf('Permessage-Deflate; server_no_context_takeover; server_max_window_bits="10"'), 'deflate');
  assert.equal(compressionOf('x-webkit-deflate-frame'), 'unknown');
  assert.equal(compressionOf('permessage-deflate, x-own'), 'unknown');
});
