__attribute__((visibility("default"))) int dependency(void);

int dependency(void)
{
        return VERSION;
}
