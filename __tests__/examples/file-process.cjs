require('../helpers/typescript.cjs');
require('./file-process.ts');
