require('../helpers/typescript.cjs');
require('./push-process.ts');
