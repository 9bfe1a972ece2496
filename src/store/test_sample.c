/* A library that carries a contract, as generated code does. With BARE: one that does not. It would end whoever ran any of it. */
#include <stdlib.h>
#include <ward/addin.h>

#ifndef BARE
__asm__(WARD_CONTRACT_BEGIN ".ascii \"ward-contract 1\\n\"\n"
                            ".ascii \"world example:sample/sample@1.0.0\\n\"\n"
                            ".ascii \"encoding utf8\\n\"\n"
                            ".ascii \"export func add func(a: s32, b: s32) -> s32\\n\"\n"
                            ".ascii \"import func log func(line: string)\\n\"\n"
                            ".ascii \"\\n\"\n"
                            ".ascii \"package example:sample@1.0.0;\\n\"\n"
                            ".ascii \"world sample {\\n\"\n"
                            ".ascii \"  import log: func(line: string);\\n\"\n"
                            ".ascii \"  export add: func(a: s32, b: s32) -> s32;\\n\"\n"
                            ".ascii \"}\\n\"\n" WARD_CONTRACT_END);
#endif

__attribute__((constructor)) static void run(void)
{
        abort();
}
