// EXPRESS=4 runs lib and tests on Express 4 instead of 5.
module.exports = (request, options) =>
  options.defaultResolver(
    process.env.EXPRESS === '4' && request === 'express' ? 'express4' : request,
    options,
  );
