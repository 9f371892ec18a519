"""The text that travels in every bundle, for the stranger who opens it."""

README = """\
病历证明包 / Proof bundle of a medical record
==============================================

这是什么
  document.ofd 是由医疗机构签名、盖章并加盖时间戳的病历文件（GB/T 33190 版式文件）。
  其余文件用于离线证明三件事：文件自签章以来未被改动；区域平台在何时收到它；
  本证明包由平台出具，出具行为已登记在存证账本中。

如何验证（不需要联网，也不需要平台）
  安装 openrhip 后，用您自己取得的根证书与账本公钥运行：
      openrhip verify 证明包.zip --trust 根证书目录 --log-key 账本公钥文件
  没有它们时结论为“无法判定”：包内可以自洽，却不能证明由谁出具。已将包内的根证书指纹与
  账本公钥同公布的核对一致时，可以运行：
      openrhip verify 证明包.zip --trust-inside
  也可以用其他工具逐项核对：document.ofd 用任何支持国密签章的 OFD 阅读器验章；
  manifest.json 列出各文件的 SM3；entries/ 中是账本条目与回执（默克尔树包含证明，
  检查点由账本私钥签名）；consistency.json 证明各检查点属于同一部账本。
  如有 evidence.ers，它是 RFC 4998 证据记录，证明文件在归档时间戳的时刻已经存在，多年后
  证书到期也可据此核验：
      openrhip ofd verify document.ofd --evidence evidence.ers --trust 根证书目录

What this is
  document.ofd is a record that its author signed, its hospital sealed, and a timestamp
  authority dated. The other files prove offline: it has not changed since; when the regional
  platform received it; and that the platform issued this bundle, which is itself in the ledger.

How to verify (no network, no platform)
  With roots and a log key that you obtained yourself:
      openrhip verify BUNDLE.zip --trust FOLDER --log-key FILE
  Without them the verdict is indeterminate: a bundle may agree with itself and be anybody's.
  Once you have compared the fingerprints and the log key inside with the published ones:
      openrhip verify BUNDLE.zip --trust-inside
  By other means: check the seals of document.ofd with any OFD reader that knows SM2/SM3;
  manifest.json lists the SM3 of each file; entries/ holds ledger entries with receipts (Merkle
  inclusion proofs under signed checkpoints); consistency.json shows that the checkpoints are of
  one log. If there is an evidence.ers, it is an evidence record of RFC 4998: it proves that the
  document existed at the instant of its archive timestamp, also when certificates have expired:
      openrhip ofd verify document.ofd --evidence evidence.ers --trust FOLDER

本包含有个人健康信息，请妥善保管。This bundle holds personal health information: keep it safe.
"""
