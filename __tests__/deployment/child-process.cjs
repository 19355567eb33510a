require('../helpers/typescript.cjs');
require('./child-process.ts');
