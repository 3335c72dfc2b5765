module slipway/oracle/tar

go 1.24
