require('../helpers/typescript.cjs');
require('./sender-process.ts');
