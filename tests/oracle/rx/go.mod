module slipway/oracle/rx

go 1.24
