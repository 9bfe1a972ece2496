ward bindgen stats.wit --host -o .
ward bindgen stats.wit --addin -o .
cc host.c stats_host.c -o host $(pkg-config --cflags --libs ward)
cc -shared -fPIC average.c stats.c -o average.so $(pkg-config --cflags ward)
clang --target=wasm32-wasi -mexec-model=reactor -O2 average.c stats.c -o average.wasm $(pkg-config --cflags ward)
