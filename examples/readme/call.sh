ward inspect ./average.wasm
ward call ./average.wasm 'average([2, 4, 9])'
ward call ./average.so 'average([])' --isolation process --deadline 1000
