module slipway/bench/fileserver

go 1.26
