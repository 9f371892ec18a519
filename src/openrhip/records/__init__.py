"""Records (病历文件): deposit, check, archive, find, disclose and prove medical-record documents.

Terms: deposit 归档接收, four properties 四性 (真实性、完整性、可用性、安全性; DA/T 70-2018),
archive 保管, disclosure 调阅, refusal 拒收, version 版本, proof bundle 证明包. Door: `service`.
"""
