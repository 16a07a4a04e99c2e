// Where compiled code is kept between starts, so that only the first one compiles. Rule: only a fitting Node loads this, after
// the launcher has seen to it.
'use strict';

const os = require('os');
const path = require('path');

function cacheFolder() {
  if (process.env.XDG_CACHE_HOME) return path.join(process.env.XDG_CACHE_HOME, 'sluice');
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches', 'sluice');
  if (process.platform === 'win32' && process.env.LOCALAPPDATA) return path.join(process.env.LOCALAPPDATA, 'sluice');
  return path.join(os.homedir(), '.cache', 'sluice');
}

// A folder of this user alone: one that everybody may write to could be poisoned. Without a home there is no cache. V8
// reports less exact coverage for code that comes from the cache.
exports.keepCompiledCode = function keepCompiledCode() {
  if (process.env.NODE_V8_COVERAGE) return;
  try {
    require('module').enableCompileCache(process.env.NODE_COMPILE_CACHE || path.join(cacheFolder(), 'compile'));
  } catch {
    // No home folder: the program starts a little slower.
  }
};
