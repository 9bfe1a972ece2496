// A library in C++, which brings its own along.
#include <map>
#include <stdexcept>
#include <string>

static int count(const std::map<std::string, int> &numbers)
{
        int sum = 0;
        for (const auto &number : numbers)
                sum += number.second;
        if (sum)
                throw std::runtime_error(std::to_string(sum));
        return 0;
}

extern "C" __attribute__((visibility("default"))) int dep_version(void)
{
        try {
                return count({ { "a", 40 }, { "b", 2 } });
        } catch (const std::exception &e) {
                return std::stoi(e.what());
        }
}
