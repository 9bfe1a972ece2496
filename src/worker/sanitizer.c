/* Built in only with AddressSanitizer. A worker starts without an environment, so its options are here. Its leak checker stops the
 * process to look at it, which a hidden process does not allow; and what a limit refuses is NULL, as without it. */
const char *__asan_default_options(void);

__attribute__((visibility("default"), used)) const char *__asan_default_options(void)
{
        return "detect_leaks=0:allocator_may_return_null=1";
}
