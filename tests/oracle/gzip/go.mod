module slipway/oracle/gzip

go 1.24
