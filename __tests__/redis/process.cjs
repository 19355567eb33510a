require('../helpers/typescript.cjs');
require('./process.ts');
